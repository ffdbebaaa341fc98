using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Reading;

namespace Proxy.Clusters.Resolution;

/// <summary>
/// Resolves the address of a destination to end points. Names are cached, refreshed while in use, and kept if a refresh fails.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="lookup">Resolves a name; by default the system's resolver, on threads of its own.</param>
internal sealed class DestinationResolver(TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null)
{
    /// <summary>The number of addresses that one call returns at most: a name may have thousands, and a dial tries them all.</summary>
    public const int MostAddresses = 16;

    private const int CacheLimit = 10_000;
    private static readonly TimeSpan _lookupLimit = TimeSpan.FromSeconds(30);
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookup = lookup ?? OnOwnThreads(time);
    private readonly ConcurrentDictionary<string, Target> _targets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Name> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The end points of an address. Each call starts with another one, in rotation.</summary>
    /// <param name="address"><c>tcp://host:port</c> or <c>unix:/path</c>.</param>
    /// <param name="refresh">The age at which a name is resolved again.</param>
    /// <param name="cancellationToken">Cancels the wait for a first lookup.</param>
    /// <returns>At least one end point.</returns>
    /// <exception cref="FormatException">The address has another form.</exception>
    /// <exception cref="SocketException">The name has no address, and none is cached.</exception>
    public ValueTask<IReadOnlyList<EndPoint>> ResolveAsync(string address, TimeSpan refresh, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var target = Known(address);
        return target.Fixed is { } endPoints ? new(endPoints) : ResolveAsync(target, refresh, cancellationToken);
    }

    /// <summary>The end points of a host and port.</summary>
    /// <param name="host">A name, or a literal address.</param>
    /// <param name="port">The port.</param>
    /// <param name="refresh">The age at which a name is resolved again.</param>
    /// <param name="cancellationToken">Cancels the wait for a first lookup.</param>
    /// <returns>At least one end point.</returns>
    /// <exception cref="SocketException">The name has no address, and none is cached.</exception>
    public ValueTask<IReadOnlyList<EndPoint>> ResolveAsync(string host, int port, TimeSpan refresh, CancellationToken cancellationToken)
    {
        var target = IPAddress.TryParse(host, out var literal) ? new([new IPEndPoint(literal, port)]) : Named(host, port);
        return target.Fixed is { } endPoints ? new(endPoints) : ResolveAsync(target, refresh, cancellationToken);
    }

    private async ValueTask<IReadOnlyList<EndPoint>> ResolveAsync(Target target, TimeSpan refresh, CancellationToken cancellationToken)
    {
        var (addresses, first) = await Lookup(target.Host).GetAsync(refresh, cancellationToken);
        var endPoints = new EndPoint[Math.Min(addresses.Length, MostAddresses)];
        for (var i = 0; i < endPoints.Length; i++)
        {
            endPoints[i] = new IPEndPoint(addresses[(first + i) % addresses.Length], target.Port);
        }

        return endPoints;
    }

    // Addresses come from the configuration; only very many edits reach the limit.
    private Target Known(string address)
    {
        if (_targets.Count > CacheLimit)
        {
            _targets.Clear();
        }

        return _targets.GetOrAdd(address, static address => Parse(address));
    }

    private static Target Parse(string address)
    {
        // The validator of the configuration uses the same parser, so that both read the address alike.
        if (!DestinationAddress.TryParse(address, out var parsed, out var error))
        {
            throw new FormatException(error);
        }

        return parsed.EndPoint is DnsEndPoint name ? Named(name.Host, name.Port) : new([parsed.EndPoint]);
    }

    private static Target Named(string host, int port)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            var loopback = new IPEndPoint(IPAddress.Loopback, port);
            return new(Socket.OSSupportsIPv6 ? [loopback, new IPEndPoint(IPAddress.IPv6Loopback, port)] : [loopback]);
        }

        return new(null, host, port);
    }

    private static Func<string, CancellationToken, Task<IPAddress[]>> OnOwnThreads(TimeProvider time)
    {
        var threads = new LookupThreads(Dns.GetHostAddresses, time);
        return (host, _) => threads.LookUpAsync(host);
    }

    private Name Lookup(string host)
    {
        // Names come from the configuration; only very many edits reach the limit.
        if (_names.Count > CacheLimit)
        {
            _names.Clear();
        }

        return _names.GetOrAdd(host, static (host, resolver) => new Name(host, resolver), this);
    }

    /// <summary>A parsed address: fixed end points, or a name to resolve.</summary>
    private sealed record Target(IReadOnlyList<EndPoint>? Fixed, string Host = "", int Port = 0);

    /// <summary>One name with its addresses, and the lookup that may be in progress.</summary>
    private sealed class Name(string host, DestinationResolver owner)
    {
        private readonly Lock _gate = new(); // guards all fields
        private IPAddress[] _addresses = [];
        private long _resolved;
        private Task? _resolving;
        private int _next;

        public async ValueTask<(IPAddress[] Addresses, int First)> GetAsync(TimeSpan refresh, CancellationToken cancellationToken)
        {
            Task? wait = null;
            lock (_gate)
            {
                if (_addresses.Length == 0 || owner.Time.GetElapsedTime(_resolved) >= refresh)
                {
                    _resolving ??= ResolveAsync();
                    wait = _addresses.Length == 0 ? _resolving : null;
                }
            }

            if (wait is not null)
            {
                await WaitAsync(wait, cancellationToken);
            }

            lock (_gate)
            {
                return _addresses.Length == 0
                    ? throw new SocketException((int)SocketError.HostNotFound)
                    : (_addresses, (int)((uint)_next++ % (uint)_addresses.Length));
            }
        }

        // A lookup that exceeds its time limit remains the one in progress, since another one would hang as well.
        private async Task WaitAsync(Task resolving, CancellationToken cancellationToken)
        {
            try
            {
                await resolving.WaitAsync(_lookupLimit, owner.Time, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw new SocketException((int)SocketError.TryAgain);
            }
        }

        // Never throws: a failed lookup leaves the known addresses in place.
        private async Task ResolveAsync()
        {
            await Task.Yield();
            IPAddress[] found = [];
            try
            {
                using var limit = new CancellationTokenSource(_lookupLimit, owner.Time);
                found = await owner._lookup(host, limit.Token);
            }
            catch (Exception)
            {
                // The name does not exist, there was no answer, or no thread is free: the next use tries again.
            }

            lock (_gate)
            {
                _addresses = found.Length > 0 ? found : _addresses;
                _resolved = owner.Time.GetTimestamp();
                _resolving = null;
            }
        }
    }

    private TimeProvider Time => time;
}
