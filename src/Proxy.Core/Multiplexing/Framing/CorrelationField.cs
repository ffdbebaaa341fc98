namespace Proxy.Multiplexing.Framing;

/// <summary>Where a request carries the id that its reply repeats.</summary>
/// <param name="Offset">Bytes before it, in requests and replies alike.</param>
/// <param name="Size">Its bytes, 1 to 8, most significant first.</param>
public readonly record struct CorrelationField(int Offset, int Size)
{
    /// <summary>The greatest id there is room for.</summary>
    public ulong MaxId => Size >= sizeof(ulong) ? ulong.MaxValue : (1UL << (8 * Size)) - 1;

    /// <summary>The length from which a message has an id.</summary>
    public int End => Offset + Size;

    /// <summary>Reads a message's id.</summary>
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

    /// <summary>Gives a message another id; its length stays.</summary>
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
