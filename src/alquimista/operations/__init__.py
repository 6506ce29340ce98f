"""Operations: commands of the vendor's staff, and what becomes of each."""
