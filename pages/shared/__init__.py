"""What pages share. A folder, so that Streamlit does not take these files for pages."""
