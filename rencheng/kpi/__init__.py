"""Key figures 指标 by region and month: definitions, figures of rows, and their forms for print and spreadsheets."""
