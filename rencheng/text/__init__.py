"""Sentences for people: a warning, its reasons and its evidence, in Chinese and in English."""
