namespace Proxy.Etcd.Client;

/// <summary>The members of the cluster, of which one is used until it fails; then the next one is. Thread-safe.</summary>
internal sealed class EtcdMembers : IDisposable
{
    private readonly Lock _gate = new(); // guards all below
    private readonly EtcdDialer _dialer;
    private readonly EtcdMember[] _members;
    private int _current;
    private bool _isDisposed;

    /// <param name="urls">Where they are; at least one.</param>
    /// <param name="dialer">Connects them.</param>
    /// <param name="random">Chooses the first, so that many hosts are spread over the members.</param>
    public EtcdMembers(IReadOnlyList<Uri> urls, EtcdDialer dialer, Random random)
    {
        _dialer = dialer;
        _members = [.. urls.Select(url => new EtcdMember(url, dialer))];
        _current = random.Next(_members.Length);
    }

    /// <summary>How many there are.</summary>
    public int Count => _members.Length;

    /// <summary>The one that is used.</summary>
    public EtcdMember Current
    {
        get
        {
            lock (_gate)
            {
                return _members[_current];
            }
        }
    }

    /// <summary>Goes on with the next one, unless that has happened already.</summary>
    public void Failed(EtcdMember member)
    {
        lock (_gate)
        {
            if (_members[_current] == member)
            {
                _current = (_current + 1) % _members.Length;
            }
        }
    }

    /// <summary>
    /// Goes on with the next one, and closes the connection of this one, whose streams do not answer: one whose network was away for long may take
    /// as long again until TCP sends anew.
    /// </summary>
    public void Silent(EtcdMember member)
    {
        lock (_gate)
        {
            if (_isDisposed || (Array.IndexOf(_members, member) is var index && index < 0))
            {
                return;
            }

            Failed(member);
            _members[index] = new(member.Url, _dialer);
        }

        member.Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        foreach (var member in _members)
        {
            member.Dispose();
        }
    }
}
