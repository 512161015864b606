"""The pictures of the page that answer to a hand: drawn by Bokeh, which travels inside the page."""
