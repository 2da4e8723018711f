"""A variational autoencoder for handwritten digits: data, model, training, evaluation, serving."""
