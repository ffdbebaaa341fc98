namespace Proxy.Multiplexing.Memcached;

/// <summary>Reads the words of a command line one after the other. They are separated by spaces.</summary>
/// <param name="line">The line without its end.</param>
internal ref struct MemcachedWords(ReadOnlySpan<byte> line)
{
    private ReadOnlySpan<byte> _rest = line;

    /// <summary>The next word; empty behind the last one.</summary>
    public ReadOnlySpan<byte> Next()
    {
        _rest = _rest.TrimStart((byte)' ');
        var length = _rest.IndexOf((byte)' ');
        var word = length < 0 ? _rest : _rest[..length];
        _rest = _rest[word.Length..];
        return word;
    }
}
