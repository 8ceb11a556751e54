"""Sentences for people in Chinese and English: warnings, their reasons and evidence, and notices of lost monitoring."""
