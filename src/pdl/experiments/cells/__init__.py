"""The running problem: experiments that count and outline touching cells."""
