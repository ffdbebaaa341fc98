using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Between what a client speaks and what the destination does. Bytes pass as they came, but for the id that ties a reply to its request; only where the
/// framing or the unit differs, the protocol's rules convert the message.
/// </summary>
internal sealed class RequestTranslator(IMessageFramer client, IMessageFramer upstream, IRouteRules? route)
{
    private readonly bool _isSameProtocol =
        client.Rules == upstream.Rules || (client.Rules.Family is { } family && family == upstream.Rules.Family);

    private readonly bool _isSameFraming = client.Name == upstream.Name;

    public IMessageFramer Upstream => upstream;

    /// <summary>Makes what is sent on of what came.</summary>
    /// <param name="request">The request, with the facts of what the client sent.</param>
    /// <param name="traits">What the client's framer said of it.</param>
    /// <returns>False if there is no such message upstream.</returns>
    public bool Prepare(MultiplexRequest request, MessageTraits traits)
    {
        request.Traits = traits;
        if (!_isSameProtocol)
        {
            request.Facts = default;
        }
        else if (request.Facts.Unit is { } unit && !TryConvert(request, unit, route?.UnitFor(unit) ?? unit))
        {
            return false;
        }

        // The destination's framer may know what the client's does not, such as that it gets no answer, even of the same bytes.
        if ((client != upstream || request.IsTranslated) && !TryMeasure(request))
        {
            return false;
        }

        request.HasId = upstream.Correlation is { } field && field.TryRead(request.Sent.Span, out var id) && Keep(request, id);
        return upstream.Correlation is null || request.HasId;
    }

    /// <summary>Makes the client's reply of what the destination said.</summary>
    /// <returns>False if there is no such reply in the client's framing.</returns>
    public bool TryWriteReply(MultiplexRequest request, ReadOnlySpan<byte> reply, ByteBuffer writer)
    {
        if (request.IsTranslated)
        {
            return client.Rules.TryConvert(upstream.Rules, reply, request.ClientUnit, request.Original.Span, writer);
        }

        var before = writer.Count;
        writer.Append(reply);
        return !request.HasId || upstream.Correlation?.TryWrite(writer.Span[before..], request.ClientId) is true;
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

    private bool TryConvert(MultiplexRequest request, ushort unit, ushort asked)
    {
        if (_isSameFraming && unit == asked)
        {
            return true;
        }

        request.IsTranslated = true;
        request.ClientUnit = unit;
        var translated = request.Translated ??= new();
        translated.Clear();
        if (!upstream.Rules.TryConvert(client.Rules, request.Original.Span, asked, [], translated))
        {
            return false;
        }

        request.Facts = upstream.Rules.Describe(translated.Span);
        return true;
    }
}
