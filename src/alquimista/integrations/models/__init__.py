"""What an integration is (integrations), what each provider needs (connections), and how it may fail (failures)."""
