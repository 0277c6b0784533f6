"""How a corpus of image-text interleaved documents is made from web crawls."""

__version__ = "0.1.0"
