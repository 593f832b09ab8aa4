"""The same minds as tools of the Model Context Protocol, for `mcp`: over stdin and stdout, without paths or keys."""
