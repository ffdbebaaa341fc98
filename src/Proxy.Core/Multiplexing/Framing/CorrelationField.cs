namespace Proxy.Multiplexing.Framing;

/// <summary>The position of the id by which a reply belongs to its request.</summary>
/// <param name="Offset">The number of bytes before the id, in requests and replies alike.</param>
/// <param name="Size">The length of the id in bytes, 1 to 8; most significant byte first.</param>
public readonly record struct CorrelationField(int Offset, int Size)
{
    /// <summary>The greatest id that fits.</summary>
    public ulong MaxId => Size >= sizeof(ulong) ? ulong.MaxValue : (1UL << (8 * Size)) - 1;

    /// <summary>The least length in bytes of a message that has an id.</summary>
    public int End => Offset + Size;

    /// <summary>Reads the id of a message.</summary>
    /// <param name="message">A whole message.</param>
    /// <param name="id">The id.</param>
    /// <returns>False if the message is too short.</returns>
    public bool TryRead(ReadOnlySpan<byte> message, out ulong id)
    {
        id = 0;
        if (message.Length < End)
        {
            return false;
        }

        foreach (var octet in message.Slice(Offset, Size))
        {
            id = (id << 8) | octet;
        }

        return true;
    }

    /// <summary>Writes another id into a message, whose length stays the same.</summary>
    /// <param name="message">A whole message.</param>
    /// <param name="id">At most <see cref="MaxId"/>; higher bits are lost.</param>
    /// <returns>False if the message is too short.</returns>
    public bool TryWrite(Span<byte> message, ulong id)
    {
        if (message.Length < End)
        {
            return false;
        }

        for (var index = End - 1; index >= Offset; index--)
        {
            message[index] = (byte)id;
            id >>= 8;
        }

        return true;
    }
}
