"""What serves one page, in a folder of that page's name. Folders, so that Streamlit does not take
these files for pages."""
