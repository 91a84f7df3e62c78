"""Authority piece by piece: tables, certificates, hostile papers and cuts."""
