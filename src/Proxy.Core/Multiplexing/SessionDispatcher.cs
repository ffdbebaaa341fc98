using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Carries out the steps that a session has decided, outside its lock. Only one thread at a time does so: a reply may wake a client that
/// submits its next request, which must not nest. On one event loop everything runs inline.
/// </summary>
internal sealed class SessionDispatcher(
    SessionKey key,
    Lock gate,
    SessionState state,
    RequestOutcomes outcomes,
    SessionDependencies services,
    Func<UpstreamConnection> create
)
{
    private bool _isRunning; // guarded by the session's lock

    /// <summary>Carries out all pending steps, unless another thread does so already.</summary>
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
            catch (OutOfMemoryException)
            {
                // Logging would need memory. Later steps still have to run.
            }
            catch (Exception exception)
            {
                services.Dialer.LogFailure(key, exception); // later steps concern other requests and still have to run
            }
        }
    }

    // Steps that were pending before the lock was taken are seen here; later ones start another run.
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
            case SessionStepKind.Tell:
                services.Dialer.Tell(key, step.Notice!);
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
                outcomes.Count(RequestOutcome.Suspended, step.Request!.Lane!);
                Answers.Fail(step.Request, LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout);
                break;
            default:
                step.Request!.Client.Close(ConnectionOutcome.Drained);
                Answers.Fail(step.Request, LocalReply.NoPath, ConnectionOutcome.Drained);
                break;
        }
    }

    private void Send(UpstreamConnection connection, MultiplexRequest request)
    {
        if (request.Attempts > 0)
        {
            outcomes.Repeat(request.Lane!);
        }

        var waited = services.Time.GetElapsedTime(request.Submitted);
        request.Client.Waited(waited);
        services.Metrics.Waited(waited, request.Lane!.Tags);
        connection.Send(request);
    }

    // Dials on the event loop of a client, so that requests and replies need not change threads.
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
