"""A file a resource: response models on top, handlers below."""
