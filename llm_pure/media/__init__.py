"""Media types, image sizes and what models accept."""
