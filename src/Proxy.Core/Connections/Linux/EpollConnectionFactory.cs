using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>Dials IP and unix addresses; on a loop's thread, for that loop.</summary>
internal sealed class EpollConnectionFactory(EpollServices services, TimeProvider time) : IConnectionFactory
{
    private static readonly TimeSpan _backlogPause = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc />
    /// <exception cref="SocketException">Nothing answers there, or the process has no descriptor left for it (TooManyOpenSockets).</exception>
    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        cancellationToken.ThrowIfCancellationRequested();
        var descriptor = Descriptor.Open(endpoint);
        var connection = Create(descriptor, endpoint);
        try
        {
            DescriptorReserve.OfProcess.BeforeDial(descriptor);
            if (endpoint is SourcedEndPoint { Source: var source })
            {
                Descriptor.Bind(descriptor, source);
            }

            var error = Connect(descriptor, endpoint);
            if (error is Errno.Again)
            {
                return WaitForBacklogAsync(connection, endpoint, cancellationToken);
            }

            Check(error);
            if (error == 0)
            {
                connection.Register();
                return new(connection);
            }

            _ = connection.Writable; // before the first edge, which may come at once and is the only one
            connection.Register();
            return WaitAsync(connection, cancellationToken);
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    private EpollConnection Create(int descriptor, EndPoint endpoint)
    {
        var loop = EventLoop.Current;
        return new EpollConnection(
            descriptor,
            loop ?? services.Loops.Least(),
            services,
            Target(endpoint),
            isAccepted: false,
            inline: loop is not null
        );
    }

    private static EndPoint Target(EndPoint endpoint) => endpoint is SourcedEndPoint sourced ? sourced.Address : endpoint;

    // The kernel has shaken hands with a peer on this host when the call returns, but only a second one says so.
    private static int Connect(int descriptor, EndPoint endpoint)
    {
        var error = Descriptor.Connect(descriptor, endpoint);
        if (error != Errno.InProgress || Target(endpoint) is not IPEndPoint { Address: var address } || !IPAddress.IsLoopback(address))
        {
            return error;
        }

        error = Descriptor.Connect(descriptor, endpoint);
        return error == Errno.Connected ? 0 : error;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ConnectionContext> WaitAsync(EpollConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            // The first edge of a connecting socket is its result.
            await connection.Writable.WaitAsync(cancellationToken);
            Check(connection.HasFailed ? connection.TakeError() : 0);
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    // A unix socket whose listener's queue is full says so at once; TCP's waits in the kernel.
    private async ValueTask<ConnectionContext> WaitForBacklogAsync(
        EpollConnection connection,
        EndPoint endpoint,
        CancellationToken cancellationToken
    )
    {
        try
        {
            int error;
            do
            {
                await Task.Delay(_backlogPause, time, cancellationToken);
                error = Descriptor.Connect(connection.Number, endpoint);
            } while (error == Errno.Again);

            Check(error);
            connection.Register();
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    private static void Check(int error)
    {
        if (error is not (0 or Errno.InProgress or Errno.Already))
        {
            throw Errno.Exception(error);
        }
    }
}
