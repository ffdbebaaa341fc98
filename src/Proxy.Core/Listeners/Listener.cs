using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>A bound address, with a listening socket that stays and a pipeline that edits replace.</summary>
internal sealed partial class Listener(IConnectionListener listener, string key, TimeProvider time, ILogger logger)
{
    private static readonly ConnectionAbortedException _noMemory = new("There is no memory for the connection.");
    private static readonly ConnectionAbortedException _failed = new("The pipeline failed.");
    private static readonly TimeSpan _handshake = TimeSpan.FromMilliseconds(500);

    private volatile ConnectionDelegate? _pipeline;
    private readonly int _loops = (listener as ITunableListener)?.AcceptInline() ?? 0;
    private Task _accepting = Task.CompletedTask;
    private int _queued;
    private volatile bool _inline;

    /// <summary>The slot's key.</summary>
    public string Key => key;

    /// <summary>The address it is bound to, with the actual port.</summary>
    public EndPoint EndPoint => listener.EndPoint;

    /// <summary>The socket's tunable properties; null if the transport has none.</summary>
    public ITunableListener? Tunable => listener as ITunableListener;

    /// <summary>
    /// Sets the pipeline of connections that are accepted from now on, which disposes them; starts accepting the first time. Cannot fail.
    /// </summary>
    public void Serve(ConnectionDelegate pipeline, int backlog, bool inOrder)
    {
        var starts = _pipeline is null;
        _pipeline = pipeline;
        _inline = _loops > 0 || inOrder;
        Tune(backlog, inOrder);
        if (starts)
        {
            Start();
        }
    }

    // Without the caller's synchronization context, which each wait of the accept loops would capture: all pipelines would run in it.
    private void Start()
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            _accepting = Task.WhenAll(Enumerable.Range(0, Math.Max(_loops, 1)).Select(_ => AcceptAsync()));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Stops accepting, after the connections that the kernel had queued were accepted; open connections go on.</summary>
    /// <param name="handOver">Whether another listener of the same port accepts new clients from now on.</param>
    public async Task RetireAsync(bool handOver = false)
    {
        try
        {
            if (handOver && Tunable is { } tunable)
            {
                tunable.HandOver();
                await Task.Delay(_handshake, time);
            }

            await listener.UnbindAsync();
            await _accepting;
            while (Volatile.Read(ref _queued) > 0)
            {
                await Task.Delay(AcceptPause.First, time);
            }
        }
        finally
        {
            await listener.DisposeAsync(); // otherwise the address would stay in use
        }
    }

    private void Tune(int backlog, bool inOrder)
    {
        try
        {
            Tunable?.SetInOrder(inOrder);
            Tunable?.SetBacklog(backlog);
        }
        catch (Exception exception)
        {
            Log.NotTuned(logger, key, exception.Message);
        }
    }

    // The loop runs until the listener is unbound, whatever fails.
    private async Task AcceptAsync()
    {
        var pause = new AcceptPause(key, time, logger);
        while (true)
        {
            try
            {
                if (await listener.AcceptAsync() is not { } connection)
                {
                    return;
                }

                pause.Reset();
                Run(connection);
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NotConnected)
            {
                // The client left before it was accepted.
            }
            catch (OutOfMemoryException)
            {
                AcceptPause.Hold();
            }
            catch (Exception exception)
            {
                await pause.FailAsync(exception.Message);
            }
        }
    }

    private void Run(ConnectionContext connection)
    {
        if (_inline)
        {
            Run(connection, _pipeline!);
            return;
        }

        Interlocked.Increment(ref _queued);
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Accepted(this, connection, _pipeline!), preferLocal: false);
        }
        catch
        {
            Interlocked.Decrement(ref _queued); // there is no memory for the client, and its pipeline does not run
            connection.Abort(_noMemory);
            throw;
        }
    }

    // The pipeline does all that follows. It fails only if it could not begin.
    private static void Run(ConnectionContext connection, ConnectionDelegate pipeline)
    {
        try
        {
            if (pipeline(connection).IsFaulted)
            {
                connection.Abort(_failed);
            }
        }
        catch (OutOfMemoryException)
        {
            connection.Abort(_noMemory);
            throw;
        }
        catch (Exception)
        {
            connection.Abort(_failed);
        }
    }

    /// <summary>A connection whose pipeline runs on the thread pool.</summary>
    private sealed class Accepted(Listener listener, ConnectionContext connection, ConnectionDelegate pipeline) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                Run(connection, pipeline);
            }
            catch (OutOfMemoryException)
            {
                // The client is reset; the process goes on.
            }
            finally
            {
                Interlocked.Decrement(ref listener._queued);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Endpoint {Endpoint}: its backlog or order of accepting could not be changed, so it serves with the earlier values: {Reason}."
        )]
        public static partial void NotTuned(ILogger logger, string endpoint, string reason);
    }
}
