"""The RBM beside a GAN, a DCGAN, an autoencoder and a VAE: trained by the second, judged alike."""
