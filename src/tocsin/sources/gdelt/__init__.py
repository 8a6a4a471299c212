"""The GDELT Event Database."""
