using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Etcd.Locking;

namespace Proxy.Etcd.Tests.Locking;

public sealed class OwnKeysTests
{
    private const string Prefix = "/proxy/prod/lock/office/";
    private readonly LockView _view = new(Prefix);
    private readonly MemoryCluster _cluster = new();
    private readonly OwnKeys _keys;

    public OwnKeysTests() => _keys = new(_view, new LockHost("A", "e"), Prefix);

    [Fact]
    public void ForgetAllRemoved_KeyThatWasRemoved_CountsIfItIsThereAgain()
    {
        var ticket = Wait();
        var term = new MemoryLease(_cluster).Current!;
        _keys.Made(_keys.Take(term)!, 7);
        var key = ticket.Key!;
        _keys.StepOut(ticket);
        _keys.GiveUp(ticket);
        _keys.Made(_keys.Take(term)!, 9);
        Assert.True(_keys.IsRemoving(key));

        _keys.ForgetAllRemoved();

        Assert.False(_keys.IsRemoving(key));
        Assert.True(_keys.IsOwn(key));
        Assert.Null(_keys.TicketOf(key));
    }

    [Fact]
    public void Take_ServedClientIsListedTwice_OneKey()
    {
        var term = new MemoryLease(_cluster).Current!;
        var ticket = Wait();
        _keys.StepOut(ticket);
        ticket.IsLocal = true;
        _keys.Serve(ticket);
        _keys.Serve(ticket);

        Assert.Equal([ticket], _keys.Take(term)!.Added);
    }

    [Fact]
    public void Take_ReleasedAndLost_MarkedOnlyWithoutTheLostOne()
    {
        var term = new MemoryLease(_cluster).Current!;
        var (released, lost) = (Wait(), Wait());
        _keys.Made(_keys.Take(term)!, 7);
        lost.IsLost = true;

        _keys.StepOut(released);
        _keys.GiveUp(released);
        Assert.Equal(2, _keys.Take(term)!.Transaction.Operations.Count);

        _keys.StepOut(lost);
        _keys.GiveUp(lost);
        Assert.Single(_keys.Take(term)!.Transaction.Operations);
    }

    private GlobalTicket Wait()
    {
        var connection = new DefaultConnectionContext("1");
        var ticket = new GlobalTicket(null!, new ConnectionRecord(connection, "", "", TimeProvider.System));
        _keys.LineUp(ticket);
        return ticket;
    }
}
