using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>
/// A service with the faults of the one that locks were made for: it can serve one client, records when there are two, and hangs on a bad
/// document or after a number of documents. Removing a file restarts it; it creates the file again when it listens again.
/// </summary>
internal sealed class FragileOffice : IAsyncDisposable
{
    private const int MostDocuments = 20;
    private readonly string _runs = Path.Combine(Path.GetTempPath(), $"office-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _clients = [];
    private readonly Task _running;
    private Socket? _listener;
    private int _documents;
    private int _serving;

    public FragileOffice() => _running = RunAsync();

    public int Port { get; } = Ports.Free();

    /// <summary>A shell command that restarts the service, and ends when the service runs again.</summary>
    public string[] RestartCommand => ["/bin/sh", "-c", "rm -f \"$1\"; until [ -e \"$1\" ]; do sleep 0.02; done", "sh", _runs];

    public int Restarts { get; private set; }

    /// <summary>The highest number of clients at once that had sent a document and not left.</summary>
    public int MostClients { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener?.Dispose();
        File.Delete(_runs);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
            _listener.Listen();
            _documents = 0;
            await File.WriteAllTextAsync(_runs, "");
            var accepting = AcceptAsync();
            while (File.Exists(_runs) && !_stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
            }

            Restarts++;
            _listener.Dispose();
            await accepting;
            Clear();
        }
    }

    private void Clear()
    {
        lock (_clients)
        {
            _clients.ForEach(static client => client.Dispose());
            _clients.Clear();
            _serving = 0;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener!.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket client)
    {
        lock (_clients)
        {
            _clients.Add(client);
        }

        var isServed = false;
        try
        {
            await using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream);
            if (await reader.ReadLineAsync() is not { } document)
            {
                return; // a probe of the port
            }

            lock (_clients)
            {
                isServed = true;
                MostClients = Math.Max(MostClients, ++_serving);
            }

            if (document.StartsWith("bad", StringComparison.Ordinal) || ++_documents > MostDocuments)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token); // hangs until the restart
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"pdf of {document}\n"));
            await reader.ReadLineAsync(); // the client closes first
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException) { }
        finally
        {
            Remove(client, isServed);
        }
    }

    // A probe sent no document, so it was not counted.
    private void Remove(Socket client, bool wasServed)
    {
        lock (_clients)
        {
            if (_clients.Remove(client) && wasServed)
            {
                _serving--;
            }
        }

        client.Dispose();
    }
}
