"""Training: all that imports TensorFlow and Keras, and nothing that the server loads."""
