using System.Diagnostics.CodeAnalysis;

namespace Proxy.Routes;

/// <summary>A revision could not be applied, and no part of it was; the path names the part that has failed.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a path and a cause.")]
[SuppressMessage("Design", "CA1064", Justification = "The revision's owner makes a configuration problem of it.")]
internal sealed class ApplyException(string path, Exception cause) : Exception(Explain(cause), cause)
{
    private const int MostReasons = 8;

    /// <summary>The configuration path.</summary>
    public string Path => path;

    // YARP wraps the actual problems in an exception which says only that there are some.
    private static string Explain(Exception cause) =>
        Chain(cause).OfType<AggregateException>().FirstOrDefault() is { } many
            ? string.Join(
                ' ',
                many.Flatten().InnerExceptions.SelectMany(Chain).Select(static reason => reason.Message).Distinct().Take(MostReasons)
            )
            : cause.Message;

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var next = exception; next is not null; next = next.InnerException)
        {
            yield return next;
        }
    }
}
