"""Imports as jobs of an HTTP worker: fetched, checked, staged, and begun in one command."""
