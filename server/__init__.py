"""What serves the app over HTTP, around Streamlit's own server.

`streamlit_app.py` hands `MIDDLEWARE` to it, from the outermost to the innermost.
"""

from starlette.middleware import Middleware

from server.addresses import Addresses
from server.compression import Compression
from server.files import Files
from server.first_paint import FirstPaint
from server.headers import Headers
from server.loading import Loading
from server.messages import Messages
from server.upload_memory import Uploads

MIDDLEWARE = [
    Middleware(Headers),
    Middleware(Addresses),
    Middleware(Files),
    Middleware(Compression),
    Middleware(FirstPaint),
    Middleware(Loading),
    Middleware(Uploads),
    Middleware(Messages),
]
