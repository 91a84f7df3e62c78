"""The label aggregate: a name and a colour that issues carry by the label's id."""
