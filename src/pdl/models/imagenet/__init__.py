"""The networks that won or shaped ImageNet's contest, one family a file.

Each has two parts, ``features`` (from an image to feature maps) and ``classifier`` (from those to
logits), so that a network can be given another classifier. First weights are PyTorch's own.
"""
