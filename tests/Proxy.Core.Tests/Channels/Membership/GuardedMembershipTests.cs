using System.Collections.Concurrent;
using System.Net;
using Proxy.Channels.Membership;

namespace Proxy.Core.Tests.Channels.Membership;

public sealed class GuardedMembershipTests : IAsyncLifetime
{
    private static readonly TimeSpan _hold = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _review = TimeSpan.FromMilliseconds(500);

    private readonly ManualTime _time = new();
    private readonly FakeSession _session = new();
    private readonly MemberDirectory _members = new("A_0");
    private readonly ConcurrentDictionary<string, byte> _alive = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, Task<MemberRecord?>> _answers = new();
    private readonly ConcurrentQueue<MembershipUpdate> _told = new();
    private Task _reading = Task.CompletedTask;
    private int _asked;

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Gone_OneOfManyRefusesItsQuery_IsBelievedAtOnce()
    {
        await StartAsync(4);

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));

        await Eventually.TrueAsync(() => States() == "A_2:Up A_3:Up A_4:Up");
    }

    [Fact]
    public async Task Gone_OneOfManyWasQueriedBefore_IsNotQueriedAgain()
    {
        await StartAsync(4);
        _alive["A_1"] = 0;

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired) { IsQueried = true });

        await Eventually.TrueAsync(() => States() == "A_2:Up A_3:Up A_4:Up");
        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task Gone_OneOfManyIsFrozen_IsGoneSoon()
    {
        await StartAsync(4);
        _answers["A_1"] = new TaskCompletionSource<MemberRecord?>().Task;
        var started = _time.GetTimestamp();

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));
        await Eventually.TrueAsync(() => _asked == 1);
        Assert.Equal("A_1:Up A_2:Up A_3:Up A_4:Up", States());
        await PassUntilAsync("A_2:Up A_3:Up A_4:Up");

        Assert.InRange(_time.GetElapsedTime(started), _review, _hold / 2);
    }

    [Fact]
    public async Task Read_QueryFails_FailsForThatReasonAndTheProviderIsNotReadAnyMore()
    {
        await StartAsync(4);
        _answers["A_1"] = Task.FromException<MemberRecord?>(new InvalidOperationException("No member can be queried."));

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _reading.WaitAsync(Eventually.Limit));
        Assert.Equal(0, _session.Readers);
        _reading = Task.CompletedTask;
    }

    [Fact]
    public async Task Gone_AllOneByOneAndTheyAnswer_NobodyIsToldOfIt()
    {
        await StartAsync(10);
        for (var number = 1; number <= 10; number++)
        {
            _alive[$"A_{number}"] = 0;
        }

        for (var number = 1; number <= 10; number++)
        {
            _session.Say(new MembershipUpdate.Gone($"A_{number}", DepartureReason.Expired));
            await PassAsync(_review);
        }

        _session.Say(new MembershipUpdate.Changed(Member("A_11")));
        await Eventually.TrueAsync(() => _members.Current.All.ContainsKey("A_11"));
        await PassAsync(_hold * 2);
        Assert.Equal(11, _members.Current.All.Count);
        Assert.All(_members.Current.All.Values, static member => Assert.Equal(MemberState.Up, member.State));
        Assert.Equal(2, _told.Count);
    }

    [Fact]
    public async Task Gone_ManyBeforeTheirQueriesHaveEnded_AllAreHeld()
    {
        await StartAsync(10);
        for (var number = 1; number <= 4; number++)
        {
            _answers[$"A_{number}"] = new TaskCompletionSource<MemberRecord?>().Task;
            _session.Say(new MembershipUpdate.Gone($"A_{number}", DepartureReason.Expired));
        }

        _session.Say(new MembershipUpdate.Changed(Member("A_11")));
        await Eventually.TrueAsync(() => _members.Current.All.ContainsKey("A_11"));
        await PassAsync(_hold / 2);

        Assert.Equal(11, _members.Current.All.Count); // none is gone by the first query, which was cut short
    }

    [Fact]
    public async Task Lost_ManyInOneStep_AreHeld()
    {
        await StartAsync(4);

        _session.Say(new MembershipUpdate.Lost(["A_1", "A_2"]));

        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Suspect A_3:Up A_4:Up");
    }

    [Fact]
    public async Task Held_AnswersAndIsReportedLostAgain_Stays()
    {
        await StartAsync(3);
        _alive["A_1"] = _alive["A_2"] = 0;
        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));
        await Eventually.TrueAsync(() => _asked == 2);
        await PassAsync(_review);

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired) { IsQueried = true });
        _session.Say(new MembershipUpdate.Changed(Member("A_4")));

        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Up A_3:Up A_4:Up");
    }

    [Fact]
    public async Task Full_ManyVanish_ManyAreQueriedAtOnce()
    {
        await StartAsync(1000);
        var silent = new TaskCompletionSource<MemberRecord?>();
        for (var number = 1; number <= 1000; number++)
        {
            _answers[$"A_{number}"] = silent.Task;
        }

        _session.Say(new MembershipUpdate.Full(2, []));

        await Eventually.TrueAsync(() => _asked == 250);
        silent.SetResult(null);
        await Eventually.TrueAsync(() => _members.Current.All.Values.All(static member => member.State == MemberState.Suspect));
        Assert.Equal(1000, _asked);
    }

    [Fact]
    public async Task Gone_OneWhileOthersAreSilentToo_IsHeldUntilItHasLasted()
    {
        await StartAsync(4);
        _session.Say(new MembershipUpdate.Changed(Member("A_2", MemberState.Suspect)));

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));

        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Suspect A_3:Up A_4:Up");
        _session.Say(new MembershipUpdate.Gone("A_2", DepartureReason.Expired));
        _session.Say(new MembershipUpdate.Changed(Member("A_5"))); // once it is seen, the update before it was taken too, at this moment of the clock
        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Suspect A_3:Up A_4:Up A_5:Up");
        await PassAsync(_hold - TimeSpan.FromSeconds(12));
        Assert.Equal("A_1:Suspect A_2:Suspect A_3:Up A_4:Up A_5:Up", States());

        await PassAsync(TimeSpan.FromSeconds(13));
        await Eventually.TrueAsync(() => States() == "A_3:Up A_4:Up A_5:Up");
    }

    [Fact]
    public async Task Gone_ManyThatLeft_AreBelievedAtOnce()
    {
        await StartAsync(4);

        _session.Say(new MembershipUpdate.Gone("A_1", DepartureReason.Left));
        _session.Say(new MembershipUpdate.Gone("A_2", DepartureReason.Left));
        _session.Say(new MembershipUpdate.Gone("A_3", DepartureReason.Left));

        await Eventually.TrueAsync(() => States() == "A_4:Up");
    }

    [Fact]
    public async Task Full_MostAreMissingAndAnswer_NobodyIsToldOfIt()
    {
        await StartAsync(3);
        _alive["A_1"] = _alive["A_2"] = 0;

        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));
        _session.Say(new MembershipUpdate.Changed(Member("A_4"))); // seen after the answers of those that are missing
        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Up A_3:Up A_4:Up");
        await PassAsync(_hold * 2);

        Assert.All(
            _told,
            static update =>
                Assert.True(update is MembershipUpdate.Full { Members.Count: 3 } or MembershipUpdate.Changed { Member.Id: "A_4" })
        );
    }

    [Fact]
    public async Task Held_QueryTakesLong_NobodyIsGoneBeforeItWasQueried()
    {
        await StartAsync(3);
        var slow = new TaskCompletionSource<MemberRecord?>();
        _answers["A_1"] = slow.Task;

        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));
        await PassUntilAsync("A_1:Up A_2:Suspect A_3:Up");
        await PassAsync(_hold + _review);
        await Eventually.TrueAsync(() => States() == "A_1:Up A_3:Up");

        slow.SetResult(Member("A_1"));
        await PassAsync(_hold);
        Assert.Equal("A_1:Up A_3:Up", States());
    }

    [Fact]
    public async Task Held_OneAnswers_ItStaysAndTheOthersGo()
    {
        await StartAsync(3);
        _alive["A_1"] = 0;

        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));

        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Suspect A_3:Up");
        await PassAsync(_hold + _review);
        await Eventually.TrueAsync(() => States() == "A_1:Up A_3:Up");
    }

    [Fact]
    public async Task Held_OneAnswersAndFallsSilentAgain_IsSuspectAndGoesLater()
    {
        await StartAsync(3);
        _alive["A_1"] = 0;
        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));
        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Suspect A_3:Up");
        await PassAsync(_hold / 2);

        _alive.Clear();
        await PassUntilAsync("A_1:Suspect A_2:Suspect A_3:Up");
        await PassAsync(_hold);

        await Eventually.TrueAsync(() => States() == "A_3:Up");
    }

    [Fact]
    public async Task Held_ProviderSeesItAgain_IsNeverGone()
    {
        await StartAsync(3);
        _session.Say(new MembershipUpdate.Full(2, [Member("A_3")]));
        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Suspect A_3:Up");

        _session.Say(new MembershipUpdate.Full(3, [Member("A_1"), Member("A_2"), Member("A_3")]));
        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Up A_3:Up");

        await PassAsync(_hold * 2);
        Assert.Equal("A_1:Up A_2:Up A_3:Up", States());
    }

    [Fact]
    public async Task Stale_ThenFreshWithoutOne_IsHeld()
    {
        await StartAsync(4);
        _session.Say(new MembershipUpdate.Stale());
        await Eventually.TrueAsync(() => _members.Current.Stale);
        await PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal("A_1:Up A_2:Up A_3:Up A_4:Up", States());

        _session.Say(new MembershipUpdate.Full(2, [Member("A_1"), Member("A_2"), Member("A_3")]));

        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Up A_3:Up A_4:Suspect" && !_members.Current.Stale);
    }

    [Fact]
    public async Task Kept_RegistryIsAway_AreKnownUntilItIsBackAndTheyAreNotThere()
    {
        Start([Member("A_1", MemberState.Suspect), Member("A_2", MemberState.Suspect)]);
        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Suspect" && _members.Current.Stale);
        await PassAsync(_hold * 4);
        Assert.Equal("A_1:Suspect A_2:Suspect", States());

        _session.Say(new MembershipUpdate.Full(1, []));
        _session.Say(new MembershipUpdate.Changed(Member("A_2")));
        await Eventually.TrueAsync(() => States() == "A_1:Suspect A_2:Up" && !_members.Current.Stale);

        await PassAsync(_hold + _review);
        await Eventually.TrueAsync(() => States() == "A_2:Up");
    }

    [Fact]
    public async Task Full_TwoThousandVanish_AreHeldAndThenGoTogether()
    {
        await StartAsync(2000);

        _session.Say(new MembershipUpdate.Full(2, []));
        await Eventually.TrueAsync(() => _members.Current.All.Values.All(static member => member.State == MemberState.Suspect));

        await PassAsync(_hold + _review);
        await Eventually.TrueAsync(() => _members.Current.All.IsEmpty);
    }

    public async Task DisposeAsync()
    {
        await _ending.CancelAsync();
        await _reading;
        _ending.Dispose();
    }

    private static MemberRecord Member(string id, MemberState state = MemberState.Up) =>
        new(id, "epoch", "127.0.0.1:1", IPAddress.Parse("127.0.0.2")) { State = state };

    private async Task StartAsync(int count)
    {
        Start([]);
        _session.Say(new MembershipUpdate.Full(1, [.. Enumerable.Range(1, count).Select(static n => Member($"A_{n}"))]));
        await Eventually.TrueAsync(() => _members.Current.All.Count == count);
    }

    private void Start(IReadOnlyList<MemberRecord> kept)
    {
        var guarded = new GuardedMembership(_session, () => kept, static () => new() { Hold = _hold }, Ask, _time);
        _reading = ReadAsync(guarded);
    }

    private Task<MemberRecord?> Ask(MemberRecord member, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return _answers.GetValueOrDefault(member.Id)
            ?? Task.FromResult(_alive.ContainsKey(member.Id) ? member with { State = MemberState.Up } : null);
    }

    private async Task ReadAsync(GuardedMembership guarded)
    {
        try
        {
            await foreach (var update in guarded.ReadAsync(_ending.Token))
            {
                _told.Enqueue(update);
                _members.Apply(update);
            }
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>Lets time pass, so that every look at those who are held has happened.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += _review)
        {
            if (_members.Current.All.Values.Any(static member => member.State == MemberState.Suspect) && !_members.Current.Stale)
            {
                await _time.WaitForTimerAsync(_review);
            }

            _time.Advance(_review);
        }
    }

    // The next query is counted from the moment at which the answer to the one before was read, which comes some steps later on a busy machine.
    private async Task PassUntilAsync(string states)
    {
        for (var steps = 0; steps < 20 && States() != states; steps++)
        {
            await PassAsync(_review);
            await _time.WaitForTimerAsync(_review); // the reader has looked, and its query may be under way
            for (var looks = 0; looks < 20 && States() != states; looks++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }

        Assert.Equal(states, States());
    }

    private string States() =>
        string.Join(
            ' ',
            _members
                .Current.All.Values.OrderBy(static member => member.Id, StringComparer.Ordinal)
                .Select(static member => $"{member.Id}:{member.State}")
        );
}
