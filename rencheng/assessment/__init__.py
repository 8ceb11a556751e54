"""The risk of each site 风险评估: indicators with weight and source, factors, score, and what was found from data."""
