"""Other libraries' schedules: `writing` writes code and configs for them."""
