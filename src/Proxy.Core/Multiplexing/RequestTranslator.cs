using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Translates between the client's and the destination's framing. Messages pass unchanged except for the id that assigns a reply to its
/// request; only if framing or unit differ, the protocol's rules convert them.
/// </summary>
internal sealed class RequestTranslator(IMessageFramer client, IMessageFramer upstream, IRouteRules? route)
{
    private readonly bool _isSameProtocol =
        client.Rules == upstream.Rules || (client.Rules.Family is { } family && family == upstream.Rules.Family);

    private readonly bool _isSameFraming = client.Name == upstream.Name;

    public IMessageFramer Upstream => upstream;

    /// <summary>Prepares the message that is sent.</summary>
    /// <param name="request">The request, with the facts of the client's message.</param>
    /// <param name="traits">The traits that the client's framer found.</param>
    /// <returns>False if the destination's framing has no such message.</returns>
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

        // The destination's framer may know more about the same bytes than the client's, such as that they get no reply.
        if ((client != upstream || request.IsTranslated) && !TryMeasure(request))
        {
            return false;
        }

        request.HasId = upstream.ClientId is { } field && field.TryRead(request.Sent.Span, out var id) && Keep(request, id);
        return upstream.ClientId is null || request.HasId;
    }

    /// <summary>Writes the client's reply to what the destination answered.</summary>
    /// <returns>False if the client's framing has no such reply, or the conversion would hide that it answers another request.</returns>
    public bool TryWriteReply(MultiplexRequest request, ReadOnlySpan<byte> reply, ByteBuffer writer)
    {
        if (request.IsTranslated)
        {
            return upstream.Rules.MayConvert(request.Sent.Span, reply)
                && client.Rules.TryConvert(upstream.Rules, reply, request.ClientUnit, request.Original.Span, writer);
        }

        var before = writer.Count;
        writer.Append(reply);
        upstream.Rules.Correct(writer.Span[before..]);
        return !request.HasId || upstream.ClientId?.TryWrite(writer.Span[before..], request.ClientId) is true;
    }

    /// <summary>Restores the client's own id.</summary>
    public void Restore(MultiplexRequest request)
    {
        if (request is { HasId: true, IsTranslated: false })
        {
            upstream.ClientId?.TryWrite(request.Original.Span, request.ClientId);
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
        var expected = request.Stream is null ? FrameStatus.Complete : FrameStatus.Part;
        var measure = upstream.Measure(MeasureContext.ForRequest(sent) with { InParts = expected == FrameStatus.Part });
        request.Traits = measure.Traits;
        return measure.Status == expected && measure.Length == sent.Length;
    }

    private bool TryConvert(MultiplexRequest request, ushort unit, ushort asked)
    {
        if (_isSameFraming && unit == asked)
        {
            return true;
        }

        request.IsTranslated = true;
        request.ClientUnit = unit;
        var translated = request.Translated ??= new(request.Client.Requests);
        translated.Clear();
        if (!upstream.Rules.TryConvert(client.Rules, request.Original.Span, asked, [], translated))
        {
            return false;
        }

        request.Facts = upstream.Rules.Describe(translated.Span);
        return true;
    }
}
