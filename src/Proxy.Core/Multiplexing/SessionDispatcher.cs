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
        SessionStep step;
        lock (gate)
        {
            step = Begin();
        }

        Run(step);
    }

    /// <summary>
    /// Decides the first step, so that a caller that changes something takes the lock once. Under the session's lock; the caller has to call
    /// <see cref="Run(SessionStep)"/> right after it.
    /// </summary>
    /// <returns>The step; nothing to do if another thread carries out steps already, and then this one's change is seen by it.</returns>
    public SessionStep Begin() => _isRunning ? default : Next();

    /// <summary>Carries out a step that <see cref="Begin"/> has returned, and all that are pending then.</summary>
    public void Run(SessionStep step)
    {
        while (step.Kind != SessionStepKind.None)
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

            // Steps that were pending before the lock was taken are seen here; later ones start another run.
            lock (gate)
            {
                step = Next();
            }
        }
    }

    private SessionStep Next()
    {
        _isRunning = false; // also if there is no memory for the next step
        var step = state.Next(services.Clock.Now, create);
        _isRunning = step.Kind != SessionStepKind.None;
        return step;
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

        var started = request.Started; // 0 if the connection was lost meanwhile, and the request put back
        var waited =
            started == 0 ? services.Time.GetElapsedTime(request.Submitted) : services.Time.GetElapsedTime(request.Submitted, started);
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
