namespace Proxy.Host.Cli.Output;

/// <summary>A column of a table.</summary>
/// <typeparam name="T">The type of the rows.</typeparam>
/// <param name="Header">Its name.</param>
/// <param name="Cell">What it shows of a row.</param>
internal sealed record Column<T>(string Header, Func<T, Cell> Cell)
{
    /// <summary>Whether it is shown with <c>-o wide</c> only.</summary>
    public bool IsWide { get; init; }
}
