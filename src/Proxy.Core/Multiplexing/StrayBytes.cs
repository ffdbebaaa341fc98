using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Judges the bytes of a destination that are no reply: what it says before the first request, an echo of a request, messages that it begins
/// by itself, and noise around replies. Used only by the connection's reader.
/// </summary>
internal sealed class StrayBytes(UpstreamEvents session, UpstreamConnection connection)
{
    private const int MostGreeting = 65_536;

    private readonly IMessageFramer _framer = connection.Settings.Framer;
    private readonly MessagePattern? _unsolicited = connection.Settings.Unsolicited;
    private readonly bool _takesEchoes = TakesEchoes(connection.Settings);
    private byte[] _repeated = []; // the last reply, if it repeated its request
    private int _repeatedLength;
    private bool _isEchoed; // the echo of the request in flight was dropped
    private bool _isGreeting = connection.Settings.Multiplex.Greeting == Greeting.Discard;
    private int _greetedBytes;

    /// <summary>The end of what was dropped as a greeting, for operators.</summary>
    public byte[] Greeted { get; private set; } = [];

    /// <summary>Whether copies of requests are dropped.</summary>
    public static bool TakesEchoes(UpstreamSettings settings) => settings.Framer.MaxNoise > 0 && settings.Multiplex.Echo == Echo.Auto;

    /// <summary>Drops what came before the first request. Returns whether it was that, and no more than a destination may say.</summary>
    public bool TryTakeGreeting(ByteBuffer input, out bool isTooLong)
    {
        isTooLong = false;
        _isGreeting = _isGreeting && session.AwaitsFirstRequest(connection);
        if (!_isGreeting || input.Count == 0)
        {
            return false;
        }

        session.Trace.Dropped("Greeting from destination", session.Key, input.Span);
        var all = (byte[])[.. Greeted, .. input.Span];
        Greeted = all[^Math.Min(all.Length, PeerBytes.MostShown)..];
        _greetedBytes += input.Count;
        input.Clear();
        isTooLong = _greetedBytes > MostGreeting;
        return true;
    }

    /// <summary>Drops the echo of a request without reply, such as a broadcast, at the start of the input.</summary>
    public bool TryTakeEcho(ByteBuffer input)
    {
        if (!_takesEchoes || !session.TryTakeUnanswerable(connection, input.Span, out var length))
        {
            return false;
        }

        session.HasEcho = true;
        Drop("Echo from destination", input, length);
        return true;
    }

    /// <summary>Drops the echo of a request at the start of the input.</summary>
    public bool TryTakeEcho(MultiplexRequest request, ByteBuffer input)
    {
        var sent = request.Sent.Span;
        if (!_takesEchoes)
        {
            return false;
        }

        if (_repeatedLength > 0 && input.Span.StartsWith(Repeated) && !sent.SequenceEqual(Repeated))
        {
            // The echo of the earlier request was taken for its reply, and this is the reply.
            session.HasEcho = true;
            Drop("Second reply from destination", input, _repeatedLength);
            _repeatedLength = 0;
            return true;
        }

        if (_isEchoed || (Repeats(request) && !session.HasEcho) || !input.Span.StartsWith(sent))
        {
            return false;
        }

        session.HasEcho = true;
        _isEchoed = true;
        Drop("Echo from destination", input, sent.Length);
        return true;
    }

    /// <summary>Records that all bytes were dropped, those of an exchange too.</summary>
    public void Drained() => _isEchoed = false;

    /// <summary>Whether the input is the first part of an echo, so that more of it has to come before it can be judged.</summary>
    public bool MayBeEcho(MultiplexRequest? request, ByteBuffer input) =>
        _takesEchoes && request is not null && input.Count < request.Sent.Length && request.Sent.Span.StartsWith(input.Span);

    /// <summary>Whether a message is one that the destination begins by itself.</summary>
    public bool IsUnsolicited(ReadOnlySpan<byte> message) => _unsolicited?.Matches(message) is true;

    /// <summary>Drops bytes at the start of the input.</summary>
    public void Drop(string what, ByteBuffer input, int length)
    {
        session.Trace.Dropped(what, session.Key, input.Span[..length]);
        input.Consume(length);
    }

    /// <summary>Records a reply, which may come again if the line has an echo.</summary>
    public void Replied(MultiplexRequest request, ReadOnlySpan<byte> reply)
    {
        _isEchoed = false;
        _repeatedLength = 0;
        if (_takesEchoes && Repeats(request) && reply.SequenceEqual(request.Sent.Span))
        {
            _repeated = _repeated.Length >= reply.Length ? _repeated : new byte[_framer.MaxBytes];
            reply.CopyTo(_repeated);
            _repeatedLength = reply.Length;
        }
    }

    /// <summary>Judges bytes that no request asked for, in a protocol without an id.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="measure">Their measure as a reply to nothing.</param>
    /// <returns>The number of bytes to drop; 0 if more have to come first; null if the connection has to be renewed.</returns>
    public int? Judge(ReadOnlySpan<byte> bytes, FrameMeasure measure)
    {
        var isWhole = measure.Status == FrameStatus.Complete;
        if (isWhole && IsUnsolicited(bytes[..measure.Length]))
        {
            return measure.Length;
        }

        if (_framer.MaxNoise > 0)
        {
            return !isWhole ? bytes.Length
                : IsRepeated(bytes[..measure.Length]) ? measure.Length
                : null;
        }

        return _unsolicited is not null && measure.Status == FrameStatus.NeedMore ? 0 : null;
    }

    /// <summary>Whether what was received behind a reply does not let the connection go on.</summary>
    public bool EndsConnection(ReadOnlySpan<byte> rest)
    {
        if (_framer.MaxNoise == 0 && _unsolicited is null)
        {
            return !rest.IsEmpty;
        }

        while (!rest.IsEmpty)
        {
            if (Judge(rest, _framer.Measure(MeasureContext.ForReply(rest, []))) is not { } dropped)
            {
                return true;
            }

            if (dropped == 0)
            {
                break;
            }

            rest = rest[dropped..];
        }

        return false;
    }

    private ReadOnlySpan<byte> Repeated => _repeated.AsSpan(0, _repeatedLength);

    private static bool Repeats(MultiplexRequest request) => (request.Traits & MessageTraits.RepliesRepeat) != 0;

    // The first copy was the echo, and this is the reply.
    private bool IsRepeated(ReadOnlySpan<byte> message)
    {
        if (_repeatedLength == 0 || !message.SequenceEqual(Repeated))
        {
            return false;
        }

        session.HasEcho = true;
        return true;
    }
}
