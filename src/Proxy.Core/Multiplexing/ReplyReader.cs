using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Cuts what a destination sends into replies, and gives each to the request it answers, or to nobody.</summary>
internal sealed class ReplyReader(MultiplexSession session, UpstreamConnection connection, ByteBuffer input)
{
    private readonly IMessageFramer _framer = connection.Settings.Framer;
    private int _needed;
    private int _examined;
    private int _kept; // bytes of a reply that has begun, from earlier reads
    private int _drains;

    /// <summary>The silence that may end the message that has begun; zero for none.</summary>
    public TimeSpan Silence { get; private set; }

    /// <summary>Reads all messages that are there.</summary>
    /// <returns>Why the connection has to go; null while it may stay.</returns>
    public UpstreamLoss? Read(InputState state)
    {
        Silence = TimeSpan.Zero;
        if (Drops(state))
        {
            return null;
        }

        var loss = ReadAll(state);
        _kept = input.Count;
        return loss;
    }

    // A connection that drains drops what comes, and what had come of the reply it gave up.
    private bool Drops(InputState state)
    {
        var drops = session.Received(connection, hasBytes: state == InputState.Open);
        if (drops)
        {
            input.Clear();
        }
        else if (_drains != connection.Drains)
        {
            input.Consume(Math.Min(_kept, input.Count));
        }

        if (drops || _drains != connection.Drains)
        {
            _drains = connection.Drains;
            _kept = _needed = _examined = 0;
        }

        return drops;
    }

    private UpstreamLoss? ReadAll(InputState state)
    {
        while (input.Count > 0 && (input.Count >= _needed || state != InputState.Open))
        {
            var id = 0UL;
            if (_framer.Correlation is { } field && !field.TryRead(input.Span, out id))
            {
                _needed = field.End;
                return null;
            }

            var request = session.Expected(connection, id);
            if (request is null && _framer.Correlation is null)
            {
                return UpstreamLoss.Unsolicited;
            }

            var measure = Measure(request, state);
            if (measure.Status == FrameStatus.Malformed)
            {
                return UpstreamLoss.Nonsense(measure.Reason);
            }

            if (measure.Status == FrameStatus.NeedMore)
            {
                _needed = measure.Length;
                _examined = measure.Examined;
                Silence = measure.Silence;
                return null;
            }

            Take(request, measure);
        }

        return null;
    }

    private FrameMeasure Measure(MultiplexRequest? request, InputState state) =>
        _framer.Measure(
            MeasureContext.ForReply(input.Span, request is null ? [] : request.Sent.Span) with
            {
                Input = state,
                Examined = _examined,
            }
        );

    private void Take(MultiplexRequest? request, FrameMeasure measure)
    {
        _needed = _examined = 0;
        session.Trace.FromDestination(session.Key, request, input.Span[..measure.Length]);
        if (request is null)
        {
            session.Discarded();
        }
        else
        {
            var hasMore = input.Count > measure.Length;
            session.Replied(connection, request, input.Span[..measure.Length], measure.Traits, hasMore);
        }

        input.Consume(measure.Length);
    }
}
