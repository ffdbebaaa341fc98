using Proxy.Diagnostics;
using Proxy.Engine;
using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Client;

/// <summary>What is known of the connection to the cluster: filled by all calls and streams, read by conditions, metrics and the API. Thread-safe.</summary>
/// <param name="metrics">Counts calls; null for none, as in a command.</param>
/// <param name="time">The clock.</param>
internal sealed class EtcdHealth(EngineMetrics? metrics, TimeProvider time)
{
    // Cached, since the name of an enum value allocates at each call.
    private static readonly string[] _methods = [.. Enum.GetNames<EtcdMethod>().Select(static name => name.ToLowerInvariant())];
    private static readonly string[] _faults = Enum.GetNames<EtcdFault>();

    private readonly FailureRun _unreachable = new(time);
    private readonly FailureRun[] _refused = [.. Enum.GetValues<EtcdMethod>().Select(_ => new FailureRun(time))];
    private readonly Lock _gate = new(); // guards all below
    private ulong _cluster;
    private int _data;
    private long _revision;
    private long _watched;
    private long _reconnects;
    private string? _endpoint;
    private DateTimeOffset? _connectedSince;
    private TimeSpan? _roundTrip;

    /// <summary>Counts calls; null for none, as in a command.</summary>
    public EngineMetrics? Metrics { get; set; } = metrics;

    /// <summary>Grows whenever the data may be other than before: after the cluster is another one, or does not know a lease that it should.</summary>
    public int Data
    {
        get
        {
            lock (_gate)
            {
                return _data;
            }
        }
    }

    /// <summary>The status, without the lease.</summary>
    public EngineStatus Read()
    {
        lock (_gate)
        {
            return new("etcd", _endpoint, _connectedSince)
            {
                Revision = _revision,
                RevisionLag = _watched == 0 ? 0 : Math.Max(0, _revision - _watched), // a stream that is idle says every few seconds where it is
                Reconnects = _reconnects,
                RoundTrip = _roundTrip,
                Unreachable = _unreachable.Current,
                Refused = _refused.Select(static run => run.Current).OfType<Failures>().MinBy(static run => run.Since),
            };
        }
    }

    /// <summary>A call was answered.</summary>
    public void Succeeded(EtcdMethod method, EtcdMember member, ResponseHeader? header, TimeSpan took)
    {
        Metrics?.Ended(_methods[(int)method], "ok", took);
        lock (_gate)
        {
            _roundTrip = took;
        }

        Heard(method, member, header);
    }

    /// <summary>A stream was heard of.</summary>
    public void Heard(EtcdMethod method, EtcdMember member, ResponseHeader? header)
    {
        member.HasAnswered = true;
        _unreachable.Succeeded();
        _refused[(int)method].Succeeded();
        lock (_gate)
        {
            _endpoint = member.Url.GetLeftPart(UriPartial.Authority);
            _connectedSince ??= time.GetUtcNow();
            if (header is null)
            {
                return;
            }

            if (_cluster != header.ClusterId)
            {
                _data += _cluster == 0 ? 0 : 1;
                (_cluster, _revision, _watched) = (header.ClusterId, header.Revision, 0);
            }

            _revision = Math.Max(_revision, header.Revision);
            _watched = method == EtcdMethod.Watch ? header.Revision : _watched;
        }
    }

    /// <summary>A call or a stream failed.</summary>
    public void Failed(EtcdMethod method, EtcdFailure failure, TimeSpan? took)
    {
        if (took is { } duration)
        {
            Metrics?.Ended(_methods[(int)method], _faults[(int)failure.Fault], duration);
        }

        if (failure.IsOfMember)
        {
            _unreachable.Failed(failure.Message);
            lock (_gate)
            {
                _connectedSince = _unreachable.Current is { Count: >= 2 } ? null : _connectedSince;
            }
        }
        else if (failure.Fault is EtcdFault.Refused or EtcdFault.Unauthenticated or EtcdFault.TooLarge)
        {
            _refused[(int)method].Failed(failure.Message);
        }
    }

    /// <summary>A stream is opened again.</summary>
    public void Reconnecting()
    {
        lock (_gate)
        {
            _reconnects++;
        }
    }

    /// <summary>The cluster does not know a lease that should still run: its data may have been lost, and all keys are to be read again.</summary>
    public void LeaseVanished()
    {
        lock (_gate)
        {
            (_data, _revision, _watched) = (_data + 1, 0, 0);
        }
    }
}
