"""Simulated devices that take commands: barriers, boards, pumps, piles and signals, honest or not."""
