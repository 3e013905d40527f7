"""Orders and invoices: what the shop and the ERP told about them, ready to be shown."""
