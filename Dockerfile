# One server: docker build -t latent-digits . && docker run -p 8501:8501 -v digits:/runs latent-digits
# Several, with a proxy and a cluster that trains for them: compose.yaml.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 digits && install -d -o digits /runs
WORKDIR /app

# First what changes seldom, so that a new version of the app does not install TensorFlow again.
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir -r requirements-cluster.txt

COPY . .

USER digits
ENV VAE_RUNS_DIR=/runs
VOLUME /runs
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
