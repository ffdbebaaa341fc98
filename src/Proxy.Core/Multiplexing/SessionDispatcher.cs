using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Does what a session decided, outside its lock. One thread at a time does it, so that a reply which wakes a client that sends the next request does
/// not nest; on one loop all of it runs inline.
/// </summary>
internal sealed class SessionDispatcher(
    SessionKey key,
    Lock gate,
    SessionState state,
    SessionServices services,
    Func<UpstreamConnection> create
)
{
    private bool _isRunning; // guarded by the gate

    /// <summary>Does all that is to be done, unless another thread does it already.</summary>
    public void Run()
    {
        lock (gate)
        {
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        while (TryTakeStep(out var step))
        {
            try
            {
                Execute(step);
            }
            catch (Exception exception)
            {
                services.Dialer.LogFailure(key, exception); // the steps after it concern others, and have to be done
            }
        }
    }

    // Whatever came before the lock is seen here; what comes after it runs again.
    private bool TryTakeStep(out SessionStep step)
    {
        lock (gate)
        {
            step = state.Next(services.Clock.Now, create);
            _isRunning = step.Kind != SessionStepKind.None;
            return _isRunning;
        }
    }

    private void Execute(SessionStep step)
    {
        switch (step.Kind)
        {
            case SessionStepKind.Send:
                Send(step.Connection!, step.Request!);
                break;
            case SessionStepKind.Dial:
                Dial(step.Connection!);
                break;
            case SessionStepKind.CancelDial:
                step.Connection!.CancelDial();
                break;
            case SessionStepKind.EndSending:
                step.Connection!.EndSending();
                break;
            case SessionStepKind.RejectSuspended:
                Answers.Fail(step.Request!, LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout);
                break;
            default:
                step.Request!.Client.Close(ConnectionOutcome.Drained);
                Answers.Fail(step.Request, LocalReply.NoPath, ConnectionOutcome.Drained);
                break;
        }
    }

    private void Send(UpstreamConnection connection, MultiplexRequest request)
    {
        var waited = services.Time.GetElapsedTime(request.Submitted);
        request.Client.Waited(waited);
        services.Metrics.Waited(waited, request.Lane!.Tags);
        connection.Send(request);
    }

    // On the loop of a client, so that what they send and what is answered need not change threads.
    private void Dial(UpstreamConnection connection)
    {
        MultiplexClient? client;
        lock (gate)
        {
            client = state.Requests.Waiting.Lanes.FirstOrDefault()?.Client;
        }

        if (client is not null)
        {
            client.Post(connection);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(connection, preferLocal: false);
        }
    }
}
