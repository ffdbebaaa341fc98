using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Documents;

/// <summary>
/// A document that hosts share, as a layer. It is watched from the beginning; until <see cref="Follow"/> nothing changes by itself, so that a start reads one content.
/// </summary>
internal sealed partial class EngineDocumentProvider : DocumentProvider, IDisposable
{
    // Good contents that are remembered until it is known which of them runs.
    private const int MostGood = 100;
    private const int LeastGood = 2;
    private const long MostGoodBytes = 8 << 20;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards all that is not read-only below, and taking
    private readonly string _name;
    private readonly LocalEngine _engine;
    private readonly KeptCopy _copy;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private volatile SharedDocumentState _shared = new(0);
    private Heard? _newest; // what the engine has told last
    private Heard? _used; // what was taken of that, or of the copy
    private readonly LinkedList<DocumentText> _good = new(); // the newest is the last; one that waits for an address runs later
    private bool _follows;

    public EngineDocumentProvider(string name, LocalEngine engine, TimeProvider time, ILogger logger)
    {
        (_name, _engine, _time, _logger) = (name, engine, time, logger);
        _copy = new KeptCopy(KeptCopy.PathOf(engine.Config.StateFolder, name), engine.Keys.Document(name), logger);
    }

    /// <inheritdoc />
    public override string Name => DocumentName.Layer(_name);

    /// <summary>The kept copy, which is read and written.</summary>
    internal override string? LocalFile => _copy.Path;

    internal override SharedDocumentState Shared => _shared;

    /// <summary>Whether the document exists in the engine, as far as the engine has told.</summary>
    public bool Exists
    {
        get
        {
            lock (_gate)
            {
                return _newest?.Text is not null;
            }
        }
    }

    /// <summary>Nothing: what is watched is never read on request.</summary>
    public override void Load() { }

    /// <summary>Begins to watch it.</summary>
    public void Watch(IKeyStore store) => _ = WatchAsync(store, _stopping.Token);

    /// <summary>Waits until the engine has told what the document is.</summary>
    /// <returns>Whether it has within the limit.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await _heard.Task.WaitAsync(limit, _time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Takes what the engine has told, without telling it.</summary>
    public void UseNewest()
    {
        lock (_gate)
        {
            Apply(_newest!);
        }
    }

    /// <summary>Takes a text that is not watched, as that of an edit that is checked.</summary>
    public void Use(DocumentText content)
    {
        lock (_gate)
        {
            _newest = new(content, content.Revision);
            _shared = _shared with { Newest = content.Revision };
            Apply(_newest);
        }
    }

    /// <summary>Takes the copy that was kept; what the engine has told, or will tell, comes as an edit.</summary>
    /// <returns>Its revision; null if there is no copy that can be used.</returns>
    public long? UseKept()
    {
        if (_copy.Load() is not { } kept)
        {
            return null;
        }

        lock (_gate)
        {
            Apply(new(kept, kept.Revision));
            var stale = _newest is null ? _shared.Stale ?? "The engine has not answered yet." : null;
            _shared = new(_newest?.Revision ?? kept.Revision)
            {
                IsKept = true,
                Stale = stale,
                StaleSince = stale is null ? null : _shared.StaleSince ?? _time.GetUtcNow(),
            };
        }

        return kept.Revision;
    }

    /// <summary>From now on each change is an edit.</summary>
    public void Follow()
    {
        bool changed;
        lock (_gate)
        {
            _follows = true;
            changed = _newest is not null && Apply(_newest);
        }

        if (changed)
        {
            Notify();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_stopping.IsCancellationRequested)
        {
            _stopping.Cancel();
            _stopping.Dispose();
        }
    }

    internal override ConfigFile Describe(SecretPlace root)
    {
        DocumentText? text;
        lock (_gate)
        {
            text = (_newest ?? _used)?.Text;
        }

        var shown = text is { Bytes.Length: <= ConfigFile.MaxBytes } ? SecretText.Mask(text.Bytes, root) : null;
        return new(Name, text is not null, null, shown) { Revision = text?.Revision };
    }

    /// <summary>Keeps a copy of what runs, which has been found to be good as a whole.</summary>
    internal override void Runs(long version)
    {
        DocumentText? good;
        lock (_gate)
        {
            good = _good.LastOrDefault(one => one.Revision == version);
            while (good is not null && !ReferenceEquals(_good.First!.Value, good))
            {
                _good.RemoveFirst(); // nothing older runs any more
            }
        }

        if (good is not null)
        {
            _copy.Save(good);
        }
    }

    private protected override IEnumerable<ConfigProblem> Check(JsonFileContent content) => SharedRules.Check(content, Name, _engine);

    private protected override IEnumerable<ConfigProblem> Doubts(JsonFileContent content) => SharedRules.Secrets(content, Name);

    private async Task WatchAsync(IKeyStore store, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // Names that begin with this one are told, too, and are few.
                await foreach (var update in store.WatchAsync(_engine.Keys.Document(_name), cancellationToken))
                {
                    if (Note(update))
                    {
                        Notify();
                    }
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.NotWatched(_logger, Name, exception);
                Note(new KeyUpdate.Stale(exception.Message));
            }

            try
            {
                await Task.Delay(_pause, _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Notes an update; true if it changes what is in use.</summary>
    private bool Note(KeyUpdate update)
    {
        lock (_gate)
        {
            switch (update)
            {
                case KeyUpdate.Full full:
                    Hear(full.Keys.FirstOrDefault(IsThis), full.Revision);
                    break;
                case KeyUpdate.Changed changed
                    when changed.Changes.LastOrDefault(one => one.Key == _engine.Keys.Document(_name)) is { } change:
                    Hear(change.Now, changed.Revision);
                    break;
                case KeyUpdate.Changed:
                    return false;
                case KeyUpdate.Stale stale:
                    BecomeStale(stale.Reason);
                    return false;
                default:
                    BecomeFresh();
                    return false;
            }

            return _follows && Apply(_newest!);
        }
    }

    private bool IsThis(StoredKey key) => key.Key == _engine.Keys.Document(_name);

    private void Hear(StoredKey? stored, long revision)
    {
        // Each list of a key that does not exist has another revision; one is enough.
        if (stored is not null || _newest is not { Text: null })
        {
            _newest = stored is null ? new(null, revision) : new(new(stored.Value.ToArray(), stored.ModRevision), stored.ModRevision);
        }

        _shared = _shared with { Newest = _newest.Revision };
        BecomeFresh();
        _heard.TrySetResult();
    }

    private void BecomeStale(string reason)
    {
        if (_shared.Stale is null && _used is not null)
        {
            Log.Stale(_logger, Name, reason);
        }

        _shared = _shared with { Stale = reason, StaleSince = _shared.StaleSince ?? _time.GetUtcNow() };
    }

    private void BecomeFresh()
    {
        if (_shared.Stale is not null && _used is not null)
        {
            Log.Fresh(_logger, Name);
        }

        _shared = _shared with { Stale = null, StaleSince = null };
    }

    /// <summary>Takes a content, or keeps the last good one if there is none; true if something has changed.</summary>
    private bool Apply(Heard heard)
    {
        _shared = _shared with { IsKept = _shared.IsKept && !ReferenceEquals(heard, _newest) };
        if (_used?.IsSame(heard) == true)
        {
            return false;
        }

        _used = heard;
        if (heard.Text is not { } text)
        {
            return Refuse(
                $"was removed from the engine, and its last content stays in use; write it again with 'proxy config put {_name} FILE'."
            );
        }

        Take(text.Bytes, text.Revision);
        if (Problem is null)
        {
            Remember(text);
        }

        return true;
    }

    private void Remember(DocumentText text)
    {
        _good.AddLast(text);
        while (_good.Count > MostGood || (_good.Count > LeastGood && _good.Sum(static one => (long)one.Bytes.Length) > MostGoodBytes))
        {
            _good.RemoveFirst();
        }
    }

    /// <summary>What the engine, or the copy, says that the document is.</summary>
    /// <param name="Text">The content; null if it does not exist.</param>
    /// <param name="Revision">The revision that made it so.</param>
    private sealed record Heard(DocumentText? Text, long Revision)
    {
        // Revisions begin anew when the data of the engine is lost, so that another content may have the same one.
        public bool IsSame(Heard other) =>
            Revision == other.Revision
            && (Text is null ? other.Text is null : other.Text is not null && Text.Bytes.AsSpan().SequenceEqual(other.Text.Bytes));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Document} may be out of date, and its last content stays in use: {Reason}")]
        public static partial void Stale(ILogger logger, string document, string reason);

        [LoggerMessage(LogLevel.Information, "{Document} is up to date again.")]
        public static partial void Fresh(ILogger logger, string document);

        [LoggerMessage(LogLevel.Error, "{Document} is not watched for a moment, and its last content stays in use.")]
        public static partial void NotWatched(ILogger logger, string document, Exception exception);
    }
}
