"""What `passerelle check` looks at; docs/operating/check.md says what each finding means."""
