using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Multiplexing;

/// <summary>
/// Between what a client speaks and what the destination does. Bytes pass as they came, but for the id that ties a reply to its request; only where the
/// framing or the unit id differs, a Modbus message is taken out of one framing and put into the other.
/// </summary>
internal sealed class RequestTranslator(IMessageFramer client, IMessageFramer upstream, IReadOnlyDictionary<byte, byte> units)
{
    private const int CommonRead = 6; // unit id, function, address, count
    private readonly IModbusFramer? _client = Modbus(client);
    private readonly IModbusFramer? _upstream = Modbus(upstream);

    public IMessageFramer Upstream => upstream;

    /// <summary>The Modbus framing of a framer, if it is one.</summary>
    public static IModbusFramer? Modbus(IMessageFramer framer) =>
        (framer as ConfiguredFramer)?.Inner as IModbusFramer ?? framer as IModbusFramer;

    /// <summary>Makes what is sent on of what came.</summary>
    /// <param name="request">The request.</param>
    /// <param name="traits">What the client's framer said of it.</param>
    /// <returns>False if there is no such message upstream.</returns>
    public bool Prepare(MultiplexRequest request, MessageTraits traits)
    {
        request.Traits = traits;
        if (_client is not null && _upstream is not null)
        {
            PrepareModbus(request);
        }

        // The destination's framer may know what the client's does not, such as that nobody answers it, even of the same bytes.
        if ((client != upstream || request.IsTranslated) && !TryMeasure(request))
        {
            return false;
        }

        if (!request.ExpectsReply)
        {
            request.ReadKey = 0; // there is nothing to share
        }

        request.HasId = upstream.Correlation is { } field && field.TryRead(request.Sent.Span, out var id) && Keep(request, id);
        return upstream.Correlation is null || request.HasId;
    }

    /// <summary>Makes the client's reply of what the destination said.</summary>
    /// <returns>False if there is no such reply in the client's framing.</returns>
    public bool TryWriteReply(MultiplexRequest request, ReadOnlySpan<byte> reply, ByteBuffer writer)
    {
        if (!request.IsTranslated)
        {
            var before = writer.Count;
            writer.Append(reply);
            return !request.HasId || upstream.Correlation?.TryWrite(writer.Span[before..], request.ClientId) is true;
        }

        Span<byte> adu = stackalloc byte[ModbusRules.MaxAdu];
        var length = _upstream!.Unwrap(reply, adu);
        if (length == 0)
        {
            return false;
        }

        adu[0] = request.ClientUnit;
        _client!.Wrap(adu[..length], request.Original.Span, writer);
        return true;
    }

    /// <summary>Restores what the client sent.</summary>
    public void Restore(MultiplexRequest request)
    {
        if (request is { HasId: true, IsTranslated: false })
        {
            upstream.Correlation?.TryWrite(request.Original.Span, request.ClientId);
        }
    }

    private static bool Keep(MultiplexRequest request, ulong id)
    {
        request.ClientId = id;
        return true;
    }

    private bool TryMeasure(MultiplexRequest request)
    {
        var sent = request.Sent.Span;
        var measure = upstream.Measure(MeasureContext.ForRequest(sent));
        request.Traits = measure.Traits;
        return measure.Status == FrameStatus.Complete && measure.Length == sent.Length;
    }

    private void PrepareModbus(MultiplexRequest request)
    {
        Span<byte> adu = stackalloc byte[ModbusRules.MaxAdu];
        var length = _client!.Unwrap(request.Original.Span, adu);
        if (length == 0)
        {
            return; // a framing without content passes as it is
        }

        request.ClientUnit = adu[0];
        if (units.TryGetValue(adu[0], out var mapped))
        {
            adu[0] = mapped;
        }

        request.Unit = adu[0];
        if (adu[0] != request.ClientUnit || _client.Name != _upstream!.Name)
        {
            request.IsTranslated = true;
            var translated = request.Translated ??= new();
            translated.Clear();
            _upstream!.Wrap(adu[..length], [], translated);
        }

        request.ReadKey = ReadKey(adu[..length]);
    }

    // Reads of coils, inputs and registers are all alike, and short enough to be a number.
    private static ulong ReadKey(ReadOnlySpan<byte> adu)
    {
        if (adu.Length != CommonRead || adu[1] is < 0x01 or > 0x04)
        {
            return 0;
        }

        var key = 0UL;
        foreach (var octet in adu)
        {
            key = (key << 8) | octet;
        }

        return key;
    }
}
