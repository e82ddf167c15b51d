"""One module per system: speak its protocol, map its errors, keep to the allow-list, drop secrets."""
